# The vendor's quick start, its Python program: the base URL is an argument, the rest is as published.
import sys
import requests
import time

class MidjourneyAPI:
    def __init__(self, api_key):
        self.api_key = api_key
        self.base_url = sys.argv[1]
        self.headers = {
            'Authorization': f'Bearer {api_key}',
            'Content-Type': 'application/json'
        }

    def generate_image(self, **options):
        response = requests.post(f'{self.base_url}/generate',
                                 headers=self.headers, json=options)
        result = response.json()
        if not response.ok or result.get('code') != 200:
            raise Exception(f"Generation failed: {result.get('msg', 'Unknown error')}")
        return result['data']['taskId']

    def wait_for_completion(self, task_id, max_wait_time=600):
        start_time = time.time()
        while time.time() - start_time < max_wait_time:
            status = self.get_task_status(task_id)
            success_flag = status['successFlag']
            if success_flag == 0:
                print("Task is generating, continue waiting...")
            elif success_flag == 1:
                print("Generation completed successfully!")
                return status['resultInfoJson']
            elif success_flag == 2:
                task_error = status.get('errorMessage', 'Task generation failed')
                print(f"Task generation failed: {task_error}")
                if status.get('errorCode'):
                    print(f"Error code: {status['errorCode']}")
                raise Exception(task_error)
            elif success_flag == 3:
                generate_error = status.get('errorMessage', 'Task created successfully but generation failed')
                print(f"Generation failed: {generate_error}")
                if status.get('errorCode'):
                    print(f"Error code: {status['errorCode']}")
                raise Exception(generate_error)
            else:
                print(f"Unknown status: {success_flag}")
                if status.get('errorMessage'):
                    print(f"Error message: {status['errorMessage']}")
            time.sleep(30)  # Wait 30 seconds
        raise Exception('Generation timeout')

    def get_task_status(self, task_id):
        response = requests.get(f'{self.base_url}/record-info?taskId={task_id}',
                                headers={'Authorization': f'Bearer {self.api_key}'})
        result = response.json()
        if not response.ok or result.get('code') != 200:
            raise Exception(f"Status check failed: {result.get('msg', 'Unknown error')}")
        return result['data']

    def upscale_image(self, task_id, index):
        data = {
            'taskId': task_id,
            'index': index
        }
        response = requests.post(f'{self.base_url}/upscale',
                                 headers=self.headers, json=data)
        result = response.json()
        if not response.ok or result.get('code') != 200:
            raise Exception(f"Upscale failed: {result.get('msg', 'Unknown error')}")
        return result['data']['taskId']

# Usage example
def main():
    api = MidjourneyAPI('YOUR_API_KEY')
    try:
        # Text-to-image generation
        print('Starting image generation...')
        task_id = api.generate_image(
            taskType='mj_txt2img',
            prompt='A majestic ancient castle perched on a misty mountain peak, golden sunset light illuminating the stone walls',
            speed='fast',
            aspectRatio='16:9',
            version='7',
            stylization=500
        )
        # Wait for completion
        print(f'Task ID: {task_id}. Waiting for completion...')
        result = api.wait_for_completion(task_id)
        print('Image generation successful!')
        print(f'Generated images count: {len(result["resultUrls"])}')
        for i, url_info in enumerate(result['resultUrls']):
            print(f'Image {i + 1}: {url_info["resultUrl"]}')
        # Upscale the first image
        print('\nStarting upscale of first image...')
        upscale_task_id = api.upscale_image(task_id, 1)
        upscale_result = api.wait_for_completion(upscale_task_id)
        print('Image upscale successful!')
        print(f'Upscaled image: {upscale_result["resultUrls"][0]["resultUrl"]}')
    except Exception as error:
        print(f'Error: {error}')

if __name__ == '__main__':
    main()
